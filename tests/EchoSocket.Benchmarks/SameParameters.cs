using System;
using System.Linq;
using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;

namespace EchoSocket.Benchmarks;

/// <summary>
/// Makes a cmdlet that passes text on, and has the parameters of another one: what PowerShell does for each object before a
/// cmdlet can do anything depends on its parameters.
/// </summary>
internal static class SameParameters
{
    public static Type PassOn(Type cmdlet, string text)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("SameParameters"), AssemblyBuilderAccess.Run).DefineDynamicModule("m");
        var type = module.DefineType("PassOn", TypeAttributes.Public, typeof(PSCmdlet));
        type.SetCustomAttribute(Copy(cmdlet.CustomAttributes.Single(a => a.AttributeType == typeof(CmdletAttribute))));
        FieldInfo? source = null;
        foreach (var parameter in cmdlet.GetProperties().Where(p => p.IsDefined(typeof(ParameterAttribute), inherit: true)))
        {
            // PowerShell itself makes an array of a single text as fast as the cmdlet's own attribute does.
            var field = type.DefineField($"_{parameter.Name}", parameter.PropertyType, FieldAttributes.Private);
            var property = type.DefineProperty(parameter.Name, PropertyAttributes.None, field.FieldType, null);
            var get = type.DefineMethod($"get_{parameter.Name}", MethodAttributes.Public, field.FieldType, null);
            Emit(get, il => { il.Emit(OpCodes.Ldarg_0); il.Emit(OpCodes.Ldfld, field); });
            var set = type.DefineMethod($"set_{parameter.Name}", MethodAttributes.Public, null, [field.FieldType]);
            Emit(set, il => { il.Emit(OpCodes.Ldarg_0); il.Emit(OpCodes.Ldarg_1); il.Emit(OpCodes.Stfld, field); });
            property.SetGetMethod(get);
            property.SetSetMethod(set);
            foreach (var attribute in parameter.CustomAttributes.Where(a => a.AttributeType.Assembly == typeof(ParameterAttribute).Assembly && a.AttributeType.IsPublic))
                property.SetCustomAttribute(Copy(attribute));
            source = parameter.Name == text ? field : source;
        }

        var process = type.DefineMethod("ProcessRecord", MethodAttributes.Family | MethodAttributes.Virtual, null, null);
        Emit(process, il =>
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, source!);
            il.Emit(OpCodes.Ldc_I4_0);
            il.Emit(OpCodes.Ldelem_Ref);
            il.Emit(OpCodes.Call, typeof(Cmdlet).GetMethod(nameof(Cmdlet.WriteObject), [typeof(object)])!);
        });
        return type.CreateType();
    }

    private static void Emit(MethodBuilder method, Action<ILGenerator> body)
    {
        var il = method.GetILGenerator();
        body(il);
        il.Emit(OpCodes.Ret);
    }

    private static CustomAttributeBuilder Copy(CustomAttributeData data)
    {
        var properties = data.NamedArguments.Where(a => !a.IsField).ToArray();
        return new CustomAttributeBuilder(
            data.Constructor,
            [.. data.ConstructorArguments.Select(Value)],
            [.. properties.Select(a => (PropertyInfo)a.MemberInfo)],
            [.. properties.Select(a => Value(a.TypedValue))]);
    }

    private static object? Value(CustomAttributeTypedArgument argument) => argument.Value is System.Collections.ObjectModel.ReadOnlyCollection<CustomAttributeTypedArgument> items
        ? Items(argument.ArgumentType.GetElementType()!, [.. items.Select(Value)])
        : argument.Value;

    private static Array Items(Type type, object?[] values)
    {
        var items = Array.CreateInstance(type, values.Length);
        values.CopyTo(items, 0);
        return items;
    }
}
